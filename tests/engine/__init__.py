"""Tests of the rules: pure, no store, no clock."""

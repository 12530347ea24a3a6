"""The LED pattern language: from a text that an artist writes to C++ that a controller runs."""

"""The HTTP door: Conductor's resources, one file each."""

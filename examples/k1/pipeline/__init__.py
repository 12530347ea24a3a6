"""K1's pipeline: the workers, the devices they deploy to, and what starts and shows it all."""

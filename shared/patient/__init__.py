"""The patient's record, its packing, and applying a resource version to it. Pure."""

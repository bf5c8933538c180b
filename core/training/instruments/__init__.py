"""What is measured at every update, on the device, without reading anything back."""

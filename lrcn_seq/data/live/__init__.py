"""Live sources: pipes, cameras and network addresses, of which only the newest frames are kept."""

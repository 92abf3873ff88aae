"""What all related lists together do to a catalogue."""

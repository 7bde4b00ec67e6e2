"""Segment cells and the structures inside them in fluorescence microscopy images."""

"""Combine."""

"""Trains the ResNet18 weights that Vitrine ships, and measures them. No part of the service: see README.md."""

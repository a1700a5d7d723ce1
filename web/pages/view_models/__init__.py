"""What the templates show, worked out beforehand: typed, plain values, no markup."""

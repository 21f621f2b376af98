"""What every window is made of: Qt itself, the theme, words, actions, labels."""

"""The web archive: plain HTML that needs no script, no font from elsewhere and no server of ours."""

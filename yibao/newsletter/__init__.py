"""The newsletter: one message a subscriber and edition, composed here and handed to a server or a folder."""

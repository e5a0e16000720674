"""One model, three formats: the same items under the same ids in RSS 2.0, Atom 1.0 and JSON Feed 1.1."""

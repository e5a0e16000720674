SELECT edition, position, section, arxiv_id
FROM library.main.edition_paper

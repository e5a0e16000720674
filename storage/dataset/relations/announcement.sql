SELECT arxiv_id, category, announced_on, version, type AS kind
FROM library.main.announcement

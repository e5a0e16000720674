SELECT
    arxiv_id, version, title, abstract, list_transform(authors, lambda author: author.name) AS authors, categories,
    primary_category, subject_classes, comment, journal_ref, doi, report_no, license, submitter, is_withdrawn,
    submitted_at::TIMESTAMP AS submitted_at, submitted_precision, updated_at::TIMESTAMP AS updated_at, announced_on,
    source, first_seen_on, known_from AS changed_on, known_from_at::TIMESTAMP AS changed_at
FROM current_state
LEFT JOIN first_announcement USING (arxiv_id)

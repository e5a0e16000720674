SELECT
    arxiv_id, language, revision, revised_on, corrected_by, title_before, title_after, abstract_before, abstract_after
FROM library.main.erratum

SELECT
    arxiv_id, language, title, abstract, title_en, translator, reviewer, corrector, license, version, revision,
    freshness, week, announced_on, curated_on, curated_precision, delay_days, arrived_on, revised_on, revised_at,
    published_at
FROM translation_row

SELECT category, announced_on, state, declared, stored, since_on, since_at::TIMESTAMP AS since_at
FROM library.main.batch

SELECT english, chinese, standing
FROM glossary

-- May the tenant's clients publish on dialogues and rooms themselves? Only when it says so.
ALTER TABLE tenant ADD COLUMN allow_client_publish INTEGER NOT NULL DEFAULT 0;

-- Streams: what a user's feed is called, so that positions in it mean something.
--
-- One random number, made with the database and kept by its copies. With a user's number, which is never
-- given twice, it makes the feed's epoch (sqlite_epoch.h): the same after every restart, another one in
-- every other store, and another one for somebody who was erased and comes back.
CREATE TABLE feed_epoch (
    base INTEGER NOT NULL
) STRICT;
INSERT INTO feed_epoch (base) VALUES (random());

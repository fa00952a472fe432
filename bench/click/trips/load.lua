-- KEYS: 1 request
-- Reads the record of a request, as the bot does with GET before it judges a click.
--   reads:  1 GET (a record of 750 bytes)
return redis.call('GET', KEYS[1])

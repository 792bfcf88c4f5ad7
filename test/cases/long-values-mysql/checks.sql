-- lengths and hashes
select format('%s %s %s %s %s', id, octet_length(body), octet_length(old), octet_length(data), md5(data)) from document order by id

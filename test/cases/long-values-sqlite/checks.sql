-- lengths and hashes
select format('%s %s %s %s', id, octet_length(body), md5(body), octet_length(data)) from document order by id

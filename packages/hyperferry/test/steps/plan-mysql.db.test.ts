// A shop database of the usual kind (rentals, payments) with a log beside it: the plan must run as it is.
import mysql from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { freshMysql, freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { openSource } from '../../src/source/registry.ts'
import { makePlan } from '../../src/steps/plan.ts'
import { openTarget } from '../../src/target/connect.ts'
import { planDdl } from '../../src/target/ddl.ts'

const SQL = `
  create table film (film_id smallint unsigned not null auto_increment primary key, title varchar(128) not null,
    release_year year, rating enum('G','PG','R') default 'G', features set('Trailers','Deleted Scenes'),
    description text, rate decimal(4,2) not null default 4.99, last_update timestamp not null default current_timestamp on update current_timestamp,
    key idx_title (title), fulltext key idx_words (title, description), key idx_description (description(200))) engine=InnoDB;
  create table rental (rental_id int not null auto_increment primary key, rental_date datetime not null, film_id smallint unsigned not null,
    return_date datetime, last_update timestamp not null default current_timestamp on update current_timestamp,
    unique key rental_date (rental_date, film_id), key film_id (film_id),
    constraint fk_rental_film foreign key (film_id) references film (film_id) on update cascade) engine=InnoDB;
  create table payment (payment_id smallint unsigned not null auto_increment primary key, rental_id int, amount decimal(5,2) not null,
    payment_date datetime not null, constraint fk_payment_rental foreign key (rental_id) references rental (rental_id) on delete set null,
    constraint amount_fits check (amount between 0 and 999)) engine=InnoDB;
  create table access_log (id bigint unsigned not null auto_increment primary key, at datetime(6) not null, path varchar(760) not null, key at (at), key path (path)) engine=InnoDB;
  create table film_text (film_id smallint unsigned not null primary key, flag tinyint(1) not null) engine=MyISAM;
  insert into film (title, release_year, features) values ('A', 2006, 'Trailers'), ('B', null, '');
  insert into rental (rental_date, film_id) select timestampadd(minute, seq, '2005-05-24'), 1 + seq % 2 from seq_1_to_3000;
  insert into payment (rental_id, amount, payment_date) select rental_id, 1 + rental_id % 9, timestampadd(hour, (rental_id * 7919) % 3001, '2005-05-25') from rental;
  insert into access_log (at, path) select timestampadd(second, seq * 10, '2024-01-01'), concat('/', seq) from seq_1_to_30000;
  insert into film_text values (1, 1), (2, 0);
`

const describe = await describeWith('mariadb', 'ts-2.19', 'pg15')

describe.each(['ts-2.19', 'pg15'] as const)('plan of a shop for %s', (server) => {
  test('has kinds that lose nothing, and every table can be made and read', async () => {
    const { url, adminUrl } = await freshMysql('mariadb')
    const admin = await mysql.createConnection({ uri: adminUrl, multipleStatements: true })
    await admin.query(SQL)
    await admin.end()
    const pg = await freshPg(server)
    const signal = AbortSignal.timeout(60_000)
    const source = await openSource(`${url}?ssl-mode=DISABLED`, { timezone: 'UTC', connections: 2, signal })
    const target = await openTarget(`${pg.url}?sslmode=disable`, { connections: 2, signal })
    onTestFinished(async () => {
      await source.close()
      await target.close()
    })
    const options = { full: true, targetSchema: 'moved' }
    const { plan, findings } = await makePlan({ source, target, signal, options, events: { emit: () => {} } })
    expect(Object.fromEntries(plan.tables.map(({ name, kind }) => [name, kind]))).toEqual({
      access_log: 'timeseries',
      film: 'relational',
      film_text: 'relational',
      payment: 'relational',
      rental: 'relational',
    })
    const table = (name: string): (typeof plan.tables)[number] => plan.tables.find((one) => one.name === name)!
    expect(table('rental').foreignKeys.map((key) => key.name)).toEqual(['fk_rental_film'])
    expect(table('payment').foreignKeys.map((key) => key.name)).toEqual(['fk_payment_rental'])
    expect(table('payment').checks).toEqual([{ name: 'amount_fits', expression: '"amount" BETWEEN 0 AND 999' }])
    expect(table('film').indexes.find((index) => index.name === 'film_idx_description')?.method).toBe('hash')
    expect(table('access_log').keys[0]?.columns).toEqual(server === 'pg15' ? ['id'] : ['id', 'at'])
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['HF-P116', 'HF-P117', 'HF-P132', 'HF-P160']),
    )
    for (const planned of plan.tables) {
      let rows = 0
      for await (const batch of source.reader(planned).read({ kind: 'all' })) rows += batch.rows + batch.rejected.length
      expect([planned.name, rows]).toEqual([planned.name, planned.estimatedRows])
    }
    const session = await target.session()
    await session.query('begin')
    for (const { sql } of planDdl(plan, target.capabilities)) await session.query(sql)
    await session.query('rollback')
    await session.release()
  })
})

import { mysqlFixture } from './mysql.fixture.ts'
import { describeSource } from './source.suite.ts'

describeSource('MariaDB', mysqlFixture('mariadb'))
describeSource('MySQL', mysqlFixture('mysql'))

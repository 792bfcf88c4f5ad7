/** The MySQL and MariaDB source. */
import type { SourceAdapter } from '../source.ts'
import { openMysql } from './open.ts'

export const adapter: SourceAdapter = {
  schemes: ['mysql', 'mariadb'],
  open: openMysql,
}

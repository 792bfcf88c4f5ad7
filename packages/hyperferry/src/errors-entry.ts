/** What every code of the catalogue says. */
export interface CatalogueEntry {
  /** What the code means, as a heading of the reference. */
  title: string
  /** How to solve it, when the place that throws has nothing better to say. */
  hint: string
  /** Process exit code by contract: 1 failed, 2 usage, 3 different, 4 stopped and resumable. */
  exit: 1 | 2 | 3 | 4
  /** Default `refused`. */
  retry?: 'transient' | 'data' | 'refused'
}

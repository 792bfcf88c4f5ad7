// A standby that replays nothing but what it is told: speaks the server's replication protocol by hand.
import pg from 'pg'

export interface Receiver {
  /** Says to the server that everything before `lsn` (bytes) is written, flushed and replayed. */
  replayed(lsn: bigint): void
  close(): Promise<void>
}

interface Wire {
  stream: { write(bytes: Uint8Array): boolean }
  on(event: string, listener: (message: { chunk: Buffer }) => void): void
  query(text: string): void
}

/** `url` is that of a role with REPLICATION. */
export async function receiver(url: string, from: string): Promise<Receiver> {
  const client = new pg.Client({
    connectionString: url,
    replication: 'database',
    application_name: 'sluggish',
  } as pg.ClientConfig)
  await client.connect()
  client.on('error', () => {})
  const wire = (client as unknown as { connection: Wire }).connection
  await new Promise<void>((resolve) => {
    wire.on('replicationStart', () => resolve())
    // The driver knows no queries that answer with a stream both ways: past its queue.
    wire.query(`START_REPLICATION PHYSICAL ${from}`)
  })
  return {
    replayed(lsn) {
      const status = Buffer.alloc(5 + 34)
      status.write('d', 0)
      status.writeInt32BE(4 + 34, 1)
      status.write('r', 5)
      for (const at of [6, 14, 22]) status.writeBigInt64BE(lsn, at)
      // Microseconds since 2000 by our clock; nobody compares.
      status.writeBigInt64BE(0n, 30)
      wire.stream.write(status)
    },
    close: () => client.end(),
  }
}

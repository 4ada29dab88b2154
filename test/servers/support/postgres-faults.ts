/** What may befall the server of any dump. */
import type { Fault } from './faults';
import type { PostgresServer } from './postgres';

/** The server, once it runs, as docs/faults.md calls it, and a login to it by the name of its Secret. */
export interface Dumped {
  readonly what: 'server' | 'database';
  readonly server: () => PostgresServer;
  readonly secretName: string;
  readonly secret: () => Readonly<Record<string, string>>;
}

export function postgresFaults({ what, server, secretName, secret }: Dumped): readonly Fault[] {
  return [
    {
      what: `The ${what} is not there`,
      fails: 'dump',
      says: /^PostgreSQL at 127\.0\.0\.1 does not answer: .*[Cc]onnection refused/,
      run: async () => {
        await server().crash();
        return {};
      },
      undo: async () => server().start(),
    },
    {
      what: 'The password of the database is another one (P01)',
      fails: 'dump',
      says: /^PostgreSQL at 127\.0\.0\.1 does not answer: .*password authentication failed/,
      run: async () => ({ secrets: { [secretName]: { ...secret(), password: 'wrong' } } }),
    },
  ];
}

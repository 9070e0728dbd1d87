import { runCli } from '../../../services/cli.ts'

export interface CliRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command in this process, as a terminal that is none would see it. */
export async function cliRun(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<CliRun> {
  const said = { code: 0, out: '', err: '' }
  const io = {
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.err += text) },
  }
  await runCli(args, io, env, (code) => (said.code = code))
  return said
}

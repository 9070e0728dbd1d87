import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../../../services/cli.ts'
import { Config } from '../../../services/config.ts'
import { loadConfig } from '../../../services/runtime/config.ts'

/** One container that runs Gatewatch, wherever it is described. */
export interface Workload {
  readonly name: string
  /** After the image's entry point. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The text of the configuration file that GATEWATCH_CONFIG names there. */
  readonly config_text: string
}

const RESERVED = ['GATEWATCH_CONFIG', 'GATEWATCH_TOKEN', 'GATEWATCH_URL']

/** The configuration that the process in this container would run with; throws for every name that does not exist. */
export function configOf({ config_text, env }: Workload): Config {
  const directory = mkdtempSync(join(tmpdir(), 'gatewatch-deploy-'))
  try {
    const file = join(directory, 'gatewatch.yaml')
    writeFileSync(file, config_text)
    return loadConfig(Config, { file, env, reserved: RESERVED })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What `gatewatch COMMAND --help` says; empty where there is no such command. */
export async function helpOf(command: string): Promise<string> {
  let text = ''
  let code = 0
  const io = {
    stdout: { write: (chunk: string) => (text += chunk) },
    stderr: { write: () => true },
  }
  await runCli([command, '--help'], io, {}, (given) => {
    code = given
  })
  return code === 0 && text.includes(`gatewatch ${command}`) ? text : ''
}

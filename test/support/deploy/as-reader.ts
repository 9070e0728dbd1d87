import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const Answers = z.array(
  z.union([z.strictObject({ rows: z.array(z.unknown()) }), z.strictObject({ error: z.string() })]),
)
export type Answer = z.infer<typeof Answers>[number]

/**
 * Runs statements on a data directory that no process holds, as the account of
 * `users.d/` files: in a process of its own, whose engine has that account for
 * the one that it knows. The password is left out, since the engine in a process
 * asks for none; profile, grants and row policies are the files' own.
 */
export function runAsReader(
  dataDir: string,
  account: string,
  files: readonly string[],
  statements: readonly string[],
): Promise<Answer[]> {
  const users = (text: string) =>
    text
      .replace(/<password_sha256_hex>\w+<\/password_sha256_hex>/, '<no_password/>')
      .replace(`<users>\n        <${account}>`, '<users>\n        <default>')
      .replace(`</${account}>\n    </users>`, '</default>\n    </users>')
  return runOnEngine(dataDir, users(merged(files)), statements)
}

/** Likewise, as one who may make accounts, beside the accounts of the files. */
export function runAsAdministrator(
  dataDir: string,
  files: readonly string[],
  statements: readonly string[],
): Promise<Answer[]> {
  const administrator = `<users><default><no_password/><networks><ip>::/0</ip></networks><profile>default</profile>
    <quota>default</quota><access_management>1</access_management></default>`
  const accounts = merged(files).replaceAll(/<\/?users>/g, '')
  const [, profiles = ''] = /(<profiles>[^]*<\/profiles>)/.exec(accounts) ?? []
  return runOnEngine(
    dataDir,
    `${profiles}${administrator}${accounts.replace(profiles, '')}</users>`,
    statements,
  )
}

function merged(files: readonly string[]): string {
  return files.map((file) => file.replaceAll(/<\/?clickhouse>/g, '')).join('\n')
}

/** Runs statements on an engine with more in its configuration than ours has. */
export async function runOnEngine(
  dataDir: string,
  inner: string,
  statements: readonly string[],
): Promise<Answer[]> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-reader-'))
  try {
    const config = join(directory, 'engine.xml')
    await writeFile(config, engineXml(config, inner))
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('as-reader-child.ts', import.meta.url)),
        join(dataDir, 'clickhouse', 'data'),
        config,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    child.stdin.end(JSON.stringify(statements))
    let text = ''
    for await (const chunk of child.stdout) text += String(chunk)
    return Answers.parse(JSON.parse(text))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function engineXml(path: string, inner: string): string {
  const profiles = inner.replace('<profiles>', '<profiles><default/>')
  return `<clickhouse><users_config>${path}</users_config><quotas><default/></quotas>${profiles}</clickhouse>`
}

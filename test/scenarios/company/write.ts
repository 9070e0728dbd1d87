import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { company, type CompanyOptions } from './company.ts'
import { openNetworks, type Networks } from './networks.ts'

/** Writes what `gatewatch evaluate` reads. */
export async function writeCompany(
  directory: string,
  options: CompanyOptions,
  networks: Networks,
): Promise<number> {
  const made = company(options, networks)
  let count = 0
  function* text(): Generator<string> {
    let lines: string[] = []
    for (const decision of made.decisions()) {
      lines.push(JSON.stringify(decision))
      count += 1
      if (lines.length < 500) continue
      yield `${lines.join('\n')}\n`
      lines = []
    }
    if (lines.length > 0) yield `${lines.join('\n')}\n`
  }
  await mkdir(directory, { recursive: true })
  await pipeline(
    Readable.from(text()),
    createGzip({ level: 1 }),
    createWriteStream(join(directory, 'decisions.jsonl.gz')),
  )
  const truth = made.truth().map((each) => `${JSON.stringify(each)}\n`)
  await writeFile(join(directory, 'truth.jsonl'), truth)
  return count
}

if (import.meta.main) {
  const number = (value: string) => {
    if (!/^\d{1,7}$/.test(value)) throw new Error(`${value} is no whole number`)
    return Number(value)
  }
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      people: { type: 'string', default: '2000' },
      days: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      attacks: { type: 'string', default: '3' },
    },
  })
  const [directory] = positionals
  if (directory === undefined)
    throw new Error(
      'usage: node test/scenarios/company/write.ts DIR [--people 2000] [--days 30] [--seed 1] [--attacks 3]',
    )
  const options = {
    people: number(values.people),
    days: number(values.days),
    seed: number(values.seed),
    attacks: number(values.attacks),
  }
  const count = await writeCompany(directory, options, await openNetworks())
  process.stdout.write(`${count.toLocaleString('en')} decisions in ${directory}\n`)
}

import { FIGURES } from './figures.ts'
import { planFor, type Plan } from './plan.ts'

const RATES = [1_000, 100_000, 1_000_000]
const NOT_MEASURED = '*not measured*'

/** The figures, as a table of the README. */
export function figureTable(): string {
  const rows = Object.entries(FIGURES).map(([name, { value, unit, source }]) => [
    `\`${name}\``,
    value === null ? NOT_MEASURED : `${value.toLocaleString('en')} ${unit}`,
    source,
  ])
  return table(['Name', 'Figure', 'How'], rows)
}

/** The plans, one column a rate. */
export function planTable(): string {
  const plans = RATES.map((rate) => planFor(rate, FIGURES))
  const row = (title: string, cell: (plan: Plan) => string): string[] => [title, ...plans.map(cell)]
  const count = (value: number | null): string => (value === null ? NOT_MEASURED : value.toLocaleString('en'))
  return table(
    ['Decisions a second', ...plans.map(({ rate }) => count(rate))],
    [
      row('Cells', (plan) => count(plan.cells)),
      row('Gateways, one core each', (plan) => count(plan.gateways)),
      row('Scoring workers, one core each', (plan) => count(plan.scoring)),
      row('Partitions of each topic, a cell', (plan) => count(plan.partitions)),
      row('Storage processes', (plan) => count(plan.storage)),
      row('Feedback processes', (plan) => count(plan.cells)),
      row('Into the brokers', (plan) => `${bytes(plan.log_in_bytes_a_second)}/s`),
      row('Written by all brokers, three copies', (plan) => `${bytes(plan.log_replicated_bytes_a_second)}/s`),
      row('Log, 7 days, three copies', (plan) => bytes(plan.log_disk_bytes)),
      row('Store a day, one copy', (plan) =>
        plan.store_disk_bytes_a_day === null ? NOT_MEASURED : bytes(plan.store_disk_bytes_a_day),
      ),
      row('State in memory, a million entities', (plan) => bytes(plan.state_bytes_a_million)),
      row('Spool a gateway, an hour', (plan) => bytes(plan.spool_bytes_a_gateway)),
    ],
  )
}

function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  return `${Number((value / 1000 ** power).toPrecision(2)).toLocaleString('en')} ${units[power]}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { TrustTier } from '../../schemas/bounds.ts'
import type { CliContext } from './context.ts'

interface EnrolOptions {
  readonly os: string
  readonly managed?: boolean
  readonly tier: TrustTier
  readonly posture: 'compliant' | 'not_compliant' | 'unknown'
  readonly owner?: string
  readonly thumbprint?: string
  readonly tenant: string
}

/** `gatewatch device enrol`: puts a device into the inventory and gives the code that makes its browser known. */
export function declareDevice(program: Command, context: CliContext): void {
  const device = program.command('device').description('the device inventory')

  device
    .command('enrol')
    .argument('<id>', 'the device, as the inventory names it')
    .option('--os <name>', 'its operating system', 'unknown')
    .option('--managed', 'it is managed')
    .addOption(
      new Option('--tier <tier>', 'how much it is trusted').choices(TrustTier.options).default('basic'),
    )
    .addOption(
      new Option('--posture <posture>', 'what management says of it')
        .choices(['compliant', 'not_compliant', 'unknown'])
        .default('unknown'),
    )
    .option('--owner <subject>', 'whose it is')
    .option('--thumbprint <sha256>', 'SHA-256 of its client certificate, in hexadecimal', thumbprint)
    .option('--tenant <name>', 'whose inventory', 'default')
    .description('put a device into the inventory, and print the path that enrols its browser')
    .action((id: string, options: EnrolOptions) =>
      context.withRuntime(async ({ eventLog, dataDir }) => {
        const { enrolDevice } = await import('../gateway/enrol-device.ts')
        const { tenant, os, managed = false, tier, posture } = options
        const code = await enrolDevice(eventLog, dataDir, {
          tenant,
          id,
          os,
          managed,
          tier,
          posture,
          owner: options.owner ?? null,
          key_thumbprint: options.thumbprint ?? null,
        })
        context.io.stdout.write(`/.gatewatch/enrol?code=${code}\n`)
        context.io.stderr.write(
          'Open this path at each application, in the browser of the device, within an hour.\n',
        )
      }),
    )
}

function thumbprint(text: string): string {
  const hexadecimal = text.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(hexadecimal)) throw new InvalidArgumentError('must be 64 hexadecimal digits.')
  return hexadecimal
}

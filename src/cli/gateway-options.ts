import type { Command } from 'commander'

/** Adds the options of commands that speak S3 to the gateway. */
export function withGatewayOptions(command: Command): Command {
  return command
    .option('--gateway <url>', 'address of the S3 gateway (that of the local server)')
    .option(
      '--access-key-id <id>',
      'access key; its secret comes from DIM_SECRET_ACCESS_KEY (a temporary key)',
    )
    .option('--region <region>', 'region to sign for', 'us-east-1')
}

import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../builders/database.ts'
import { startTestGateway, TEST_ACCESS_KEY, TEST_SECRET, type TestGateway } from '../builders/gateway.ts'
import { type ClientName, findClient, runClient } from './run-client.ts'

/**
 * The clients people have, unchanged, do put, get, ls and rm through the gateway, small and in parts. What
 * comes back is compared with what went in by SHA-256.
 */
describe('real S3 clients', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let folder: string
  let environment: Record<string, string>
  const small = Buffer.from('small content\n')
  const large = randomBytes(23 * 1024 * 1024 + 17)

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 16 })
    door = await startTestGateway({ database: testDatabase.database, kind: 'filesystem' })
    folder = await mkdtemp(path.join(tmpdir(), 'dim-clients-'))
    await mkdir(path.join(folder, 'tree', 'sub dir'), { recursive: true })
    await writeFile(path.join(folder, 'tree', 'small.txt'), small)
    await writeFile(path.join(folder, 'tree', 'sub dir', 'é+%.bin'), small)
    await writeFile(path.join(folder, 'tree', 'large.bin'), large)
    environment = {
      AWS_ACCESS_KEY_ID: TEST_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: TEST_SECRET,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: path.join(folder, 'no-config'),
      AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'no-credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: folder,
    }
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
    await rm(folder, { recursive: true, force: true })
  })

  async function clientOrSkip(name: ClientName, context: TestContext): Promise<string> {
    const found = await findClient(name)
    if ('missing' in found) return context.skip(found.missing)
    return found.path
  }
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const fileSha256 = async (...names: string[]) => sha256(await readFile(path.join(folder, ...names)))

  it('aws-cli makes a bucket, syncs, lists, copies, presigns and removes', {
    timeout: 120_000,
  }, async context => {
    const aws = await clientOrSkip('aws', context)
    const run = (...args: string[]) => runClient(aws, ['--endpoint-url', door.url, ...args], environment)
    await run('s3', 'mb', 's3://from-aws-cli')
    await run('s3', 'sync', path.join(folder, 'tree'), 's3://from-aws-cli/tree')
    const listed = await run('s3', 'ls', '--recursive', 's3://from-aws-cli')
    expect(listed).toContain('tree/sub dir/é+%.bin')
    expect(await run('s3', 'ls', 's3://from-aws-cli/tree/')).toContain('PRE sub dir/')
    await run('s3', 'cp', 's3://from-aws-cli/tree/large.bin', path.join(folder, 'aws-large.bin'))
    expect(await fileSha256('aws-large.bin')).toBe(sha256(large))
    // A copy of this size goes part by part, with UploadPartCopy.
    await run('s3', 'cp', 's3://from-aws-cli/tree/large.bin', 's3://from-aws-cli/copied.bin')
    await run('s3', 'mv', 's3://from-aws-cli/copied.bin', path.join(folder, 'aws-moved.bin'))
    expect(await fileSha256('aws-moved.bin')).toBe(sha256(large))
    await runClient(aws, ['configure', 'set', 'default.s3.signature_version', 's3v4'], {
      ...environment,
      AWS_CONFIG_FILE: path.join(folder, 'aws-config'),
    })
    const address = await runClient(
      aws,
      ['--endpoint-url', door.url, 's3', 'presign', 's3://from-aws-cli/tree/small.txt'],
      { ...environment, AWS_CONFIG_FILE: path.join(folder, 'aws-config') },
    )
    expect(await (await fetch(address.trim())).text()).toBe(small.toString())
    await run('s3', 'rm', '--recursive', 's3://from-aws-cli')
    expect(await run('s3', 'ls', '--recursive', 's3://from-aws-cli').catch(() => '')).toBe('')
  })

  it('boto3 puts, reads ranges, lists by pages, transfers in parts and deletes many', {
    timeout: 120_000,
  }, async context => {
    const python = await clientOrSkip('python', context)
    await door.addBucket('from-boto3')
    const program = path.join(folder, 'program.py')
    await writeFile(program, BOTO3_PROGRAM)
    const printed = await runClient(python, [program, door.url, path.join(folder, 'tree')], environment)
    expect(JSON.parse(printed)).toEqual({
      range: 'll co',
      metadata: { colour: 'blue' },
      keys: ['a 0', 'a 1', 'a 2', 'a 3', 'a 4'],
      largeSha256: sha256(large),
      parts: 3,
      notFound: '404',
      conditional: 'PreconditionFailed',
      deleted: 5,
      left: 0,
    })
  })

  it('rclone copies a tree there and back, checks it, and purges it', { timeout: 120_000 }, async context => {
    const rclone = await clientOrSkip('rclone', context)
    const remote = {
      ...environment,
      RCLONE_CONFIG: path.join(folder, 'no-rclone.conf'),
      RCLONE_CONFIG_DOOR_TYPE: 's3',
      RCLONE_CONFIG_DOOR_PROVIDER: 'Other',
      RCLONE_CONFIG_DOOR_ENDPOINT: door.url,
      RCLONE_CONFIG_DOOR_ACCESS_KEY_ID: TEST_ACCESS_KEY,
      RCLONE_CONFIG_DOOR_SECRET_ACCESS_KEY: TEST_SECRET,
      RCLONE_CONFIG_DOOR_REGION: 'us-east-1',
      RCLONE_S3_UPLOAD_CUTOFF: '6M',
    }
    const run = (...args: string[]) => runClient(rclone, args, remote)
    await run('mkdir', 'door:from-rclone')
    await run('copy', path.join(folder, 'tree'), 'door:from-rclone/tree')
    expect((await run('lsf', '-R', 'door:from-rclone')).trim().split('\n').toSorted()).toEqual([
      'tree/',
      'tree/large.bin',
      'tree/small.txt',
      'tree/sub dir/',
      'tree/sub dir/é+%.bin',
    ])
    await run('check', '--download', path.join(folder, 'tree'), 'door:from-rclone/tree')
    await run('copy', 'door:from-rclone/tree', path.join(folder, 'rclone-back'))
    expect(await fileSha256('rclone-back', 'large.bin')).toBe(sha256(large))
    await run('moveto', 'door:from-rclone/tree/large.bin', 'door:from-rclone/moved.bin')
    await run('copyto', 'door:from-rclone/moved.bin', path.join(folder, 'rclone-moved.bin'))
    expect(await fileSha256('rclone-moved.bin')).toBe(sha256(large))
    await run('delete', 'door:from-rclone')
    expect(await run('lsf', '-R', 'door:from-rclone')).toBe('')
  })
})

const BOTO3_PROGRAM = `
import hashlib, json, sys
import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

url, tree = sys.argv[1], sys.argv[2]
s3 = boto3.client("s3", endpoint_url=url, config=Config(s3={"addressing_style": "path"}))
bucket = "from-boto3"
out = {}
s3.put_object(Bucket=bucket, Key="meta", Body=b"small content", Metadata={"colour": "blue"})
out["range"] = s3.get_object(Bucket=bucket, Key="meta", Range="bytes=3-7")["Body"].read().decode()
out["metadata"] = s3.head_object(Bucket=bucket, Key="meta")["Metadata"]
for i in range(5):
    s3.put_object(Bucket=bucket, Key="a %d" % i, Body=b"x")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="a ", PaginationConfig={"PageSize": 2})
out["keys"] = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
s3.upload_file(tree + "/large.bin", bucket, "large", Config=config)
s3.download_file(bucket, "large", tree + "/../boto3-large.bin", Config=config)
with open(tree + "/../boto3-large.bin", "rb") as file:
    out["largeSha256"] = hashlib.sha256(file.read()).hexdigest()
out["parts"] = int(s3.head_object(Bucket=bucket, Key="large")["ETag"].strip('"').split("-")[1])
def code_of(call, **arguments):
    try:
        call(Bucket=bucket, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
out["notFound"] = code_of(s3.head_object, Key="nothing")
out["conditional"] = code_of(s3.put_object, Key="meta", Body=b"y", IfNoneMatch="*")
deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in out["keys"]]})
out["deleted"] = len(deleted["Deleted"])
out["left"] = s3.list_objects_v2(Bucket=bucket, Prefix="a ")["KeyCount"]
print(json.dumps(out))
`

/**
 * Gateways with prepaid meters that keep their forced control and their relays, nothing else; each answer
 * takes as long as a line would. A process of its own, ended by its parent.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { models } from '../../../ingest/models.ts';
import { serialOf } from './park.ts';

const READ = 3;
const NUMBER = 0x43;
const FORCE = 0x57;
const STATUS = 0x224;
const CLOSED = 0xe000;
const HEAD_BYTES = 7;

const [gateways = 0, , latencyMs = 0] = process.argv.slice(2).map(Number);
const { code } = models['DTSY1352-SIM'];

function registersOf(gateway: number, unit: number): Map<number, number> {
  const serial = serialOf(gateway, unit);
  const registers = new Map([
    [FORCE, 0],
    [FORCE + 1, 0],
    [STATUS, CLOSED],
  ]);
  if (code) registers.set(code.address, code.value);
  for (let i = 0; i < 3; i++) {
    registers.set(NUMBER + i, Number.parseInt(serial.slice(4 * i, 4 * i + 4), 16));
  }
  return registers;
}

/** The answer to one request of Modbus TCP; one is in flight on a connection. */
function answer(
  request: Buffer,
  meters: Map<number, Map<number, number>>,
  gateway: number,
): Buffer {
  const unit = request[6] ?? 0;
  const registers = meters.get(unit) ?? registersOf(gateway, unit);
  meters.set(unit, registers);
  const address = request.readUInt16BE(8);
  const words = request.readUInt16BE(10);
  if (request[7] === READ) {
    const reply = Buffer.alloc(HEAD_BYTES + 2 + 2 * words);
    request.copy(reply, 0, 0, HEAD_BYTES + 1);
    reply.writeUInt16BE(3 + 2 * words, 4);
    reply[HEAD_BYTES + 1] = 2 * words;
    for (let i = 0; i < words; i++) {
      reply.writeUInt16BE(registers.get(address + i) ?? 0, HEAD_BYTES + 2 + 2 * i);
    }
    return reply;
  }
  for (let i = 0; i < words; i++) registers.set(address + i, request.readUInt16BE(13 + 2 * i));
  const isOpen = registers.get(FORCE) === 1 && registers.get(FORCE + 1) === 1;
  registers.set(STATUS, isOpen ? 0 : CLOSED);
  const reply = Buffer.from(request.subarray(0, 12));
  reply.writeUInt16BE(6, 4);
  return reply;
}

const ports: number[] = [];
for (let gateway = 0; gateway < gateways; gateway++) {
  const meters = new Map<number, Map<number, number>>();
  const serve = (socket: Socket) => {
    socket.on('error', () => {});
    socket.on('data', (request) => {
      const reply = answer(request, meters, gateway);
      setTimeout(() => socket.write(reply), latencyMs);
    });
  };
  const server = createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on an IP address, so it is this kind of address.
  ports.push((server.address() as AddressInfo).port);
}
process.send?.(ports);
process.once('disconnect', () => process.exit(0));

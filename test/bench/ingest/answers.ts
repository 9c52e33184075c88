/**
 * Gateways that cost as little as they can, so that two cores are left to who asks: real Modbus TCP on
 * loopback ports, the whole block of a DTSY1352 answered from a frame prepared in advance. Only the
 * transaction, the unit and the energy register change. A process of its own, ended by its parent.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';

const WORDS = 48;
const HEADER_BYTES = 9;
const REQUEST_BYTES = 12;
/** Word of the total energy, 0215H in the block at 0200H. */
const ENERGY_WORD = 0x15;
/** Readings between two steps of the register: 0.01 kWh. */
const STEP_READINGS = 8;

/** A frame [transaction, 0, length, unit, 3, 96, words] with plausible values of a three-phase meter. */
function frame(): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + 2 * WORDS);
  bytes.writeUInt16BE(3 + 2 * WORDS, 4);
  bytes[7] = 3;
  bytes[8] = 2 * WORDS;
  const now = new Date(Date.now() + 8 * 3_600_000);
  const words = [
    ...[5, 2312, 2298, 2304, 1234, 987, 1102, 2710, 2150, 2405, 7265],
    ...[310, 220, 260, 790, 993, 995, 994, 994, 1, 1],
    ...[0, 0, 0, 12_345, 1, 54_321, 2, 3_456, 0, 45_678],
    ...[0, 31_415, 17, 3, 10, 0x8001, 0x0004, 0, 0],
    // Two clock bytes in each word: year, month, day, weekday, hour, minute, second.
    ((now.getUTCFullYear() % 100) << 8) | (now.getUTCMonth() + 1),
    (now.getUTCDate() << 8) | (now.getUTCDay() || 7),
    (now.getUTCHours() << 8) | now.getUTCMinutes(),
    now.getUTCSeconds() << 8,
  ];
  for (const [i, word] of words.entries()) bytes.writeUInt16BE(word, HEADER_BYTES + 2 * i);
  return bytes;
}

function serve(socket: Socket): void {
  // One request in flight a connection, so one buffer: it is on its way before the next is asked.
  const reply = frame();
  let readings = 0;
  socket.on('error', () => {});
  socket.on('data', (request) => {
    if (request.length !== REQUEST_BYTES) return void socket.destroy();
    reply[0] = request[0] ?? 0;
    reply[1] = request[1] ?? 0;
    reply[6] = request[6] ?? 0;
    readings++;
    reply.writeUInt32BE(
      1_000_000 + Math.floor(readings / STEP_READINGS),
      HEADER_BYTES + 2 * ENERGY_WORD,
    );
    socket.write(reply);
  });
}

const gateways = Number(process.argv[2]);
const ports: number[] = [];
for (let i = 0; i < gateways; i++) {
  const server = createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on an IP address, so it is this kind of address.
  ports.push((server.address() as AddressInfo).port);
}
process.send?.(ports);
process.once('disconnect', () => process.exit(0));

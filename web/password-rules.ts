/**
 * Which passwords are refused beside the short ones: those that are guessed first. Length counts (NIST SP 800-63B),
 * so nothing is asked about signs and digits.
 */
import { Problem } from '../sql/problem.ts';

/** Fewer different characters than these are a pattern: 'aaaaaaaaaa', '1212121212'. */
const DIFFERENT_MIN = 5;
/** A part of a name or an address from so many letters on is looked for. */
const OWN_MIN = 4;

/** What keyboards and alphabets give by themselves. */
const runs = ['01234567890123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm'];
const common =
  /^(password|passwort|passw0rd|p@ssw0rd|wattledger|welcome|letmein|iloveyou|admin|administrator|woaini|mima)[^a-z]*$/;

/**
 * Throws Problem `password-weak` for what is made of few characters, of a run of the keyboard, of a word that
 * everybody tries, or of the person's own name or address.
 */
export function assertPassword(
  password: string,
  { name, email }: { name: string; email: string },
): void {
  const text = password.toLowerCase();
  const bare = text.replace(/[^\p{L}\p{N}]/gu, '');
  const own = [email.split('@')[0] ?? '', email, ...name.split(/\s+/)]
    .map((part) => part.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''))
    .filter((part) => part.length >= OWN_MIN)
    .sort((a, b) => b.length - a.length);
  // What is left beside it has to be a password of its own.
  const rest = own.reduce((left, part) => left.replaceAll(part, ''), bare);
  const isRun = runs.some(
    (run) => run.includes(bare) || [...run].reverse().join('').includes(bare),
  );
  if (
    new Set(text).size < DIFFERENT_MIN ||
    isRun ||
    common.test(text) ||
    (rest !== bare && new Set(rest).size < DIFFERENT_MIN)
  ) {
    throw new Problem(
      'password-weak',
      'This password is among the first that are guessed: few different characters, a run of keys, a common word, or the own name. A few words in a row are long and easy to keep.',
    );
  }
}

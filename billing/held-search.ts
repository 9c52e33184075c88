/** What else a record of an account is searched by: the points and meters that it had then, and whom to call. */
import { type SQL, sql } from 'drizzle-orm';

/**
 * One text a row: codes of the points that `a` (an account) held at an instant, serials of the meters that stood
 * there, and the telephone of its contact. Asked for only where something is searched: it is a look a row.
 */
export const heldText = (at: SQL): SQL => sql`
  (SELECT string_agg(concat_ws(chr(10), hp.code, hm.serial), chr(10))
    FROM tenancies ht
    JOIN points hp ON hp.project_id = ht.project_id AND hp.id = ht.point_id
    LEFT JOIN installations hi ON hi.project_id = ht.project_id AND hi.point_id = ht.point_id
      AND hi.valid_from <= ${at} AND (hi.valid_to IS NULL OR hi.valid_to > ${at})
    LEFT JOIN meters hm ON hm.project_id = hi.project_id AND hm.id = hi.meter_id
    WHERE ht.project_id = a.project_id AND ht.account_id = a.id AND ht.valid_from <= ${at}
      AND (ht.valid_to IS NULL OR ht.valid_to > ${at})),
  (SELECT ho.phone FROM people ho WHERE ho.project_id = a.project_id AND ho.id = a.person_id)`;

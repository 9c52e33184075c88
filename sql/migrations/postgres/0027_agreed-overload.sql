-- What the holder of a point may draw at most by the terms of its account's opening, in W; null where nothing was
-- agreed. Of an opening, which holds names and telephones, a room that guards the limit is told nothing else.
CREATE FUNCTION agreed_overload(project bigint, point bigint, at timestamptz) RETURNS integer
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT min((agreed ->> 'overloadW')::integer)
  FROM tenancies t
  JOIN account_openings o ON o.project_id = t.project_id AND o.account_id = t.account_id,
    jsonb_array_elements(o.content -> 'points') AS agreed
  WHERE t.project_id = project AND t.point_id = point
    AND t.valid_from <= at AND (t.valid_to IS NULL OR t.valid_to > at)
    AND agreed ->> 'pointId' = point::text
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION agreed_overload FROM PUBLIC;

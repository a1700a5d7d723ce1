-- A gallery of 2,000 images that is done: each analysed, embedded and in the index, with its job and two steps.
INSERT INTO images (sha256, name, caption, tags, label, width, height, bytes, format, colors, perceptual_hash, job_id,
                    analysed_at)
SELECT encode(sha256(n::text::bytea), 'hex'), 'photo-' || n || '.jpg', 'A photo of the number ' || n,
       ARRAY['tag-' || n % 20], 'label-' || n % 10, 1632, 1224, 700000 + n, 'JPEG', 6, n, uuidv7(), now()
FROM generate_series(1, 2000) AS n;
INSERT INTO palettes (image_id, colors, version, swatches)
SELECT image.id, 6, 'benchmark', jsonb_agg(jsonb_build_object('hex', '#' || lpad(to_hex(image.id * 7919 * c % 16777216), 6, '0'),
                                                              'proportion', 1 / 6.0))
FROM images AS image, generate_series(1, 6) AS c GROUP BY image.id;
INSERT INTO embeddings (image_id, model, embedding)
SELECT id, 'benchmark', array_fill(0.0442::real, ARRAY[512])::vector FROM images;
INSERT INTO jobs (id, image_id, kind, status, progress, children, children_finished, max_attempts, started_at, finished_at)
SELECT job_id, id, 'analyse-image', 'succeeded', 1, 2, 2, 1, now(), now() FROM images;
INSERT INTO jobs (id, parent_id, image_id, kind, status, progress, stage, attempt, max_attempts, started_at, finished_at,
                  worker, result)
SELECT uuidv7(), job_id, id, step.kind, 'succeeded', 1, step.stage, 1, 4, now(), now(), 'worker', '{}'
FROM images, (VALUES ('analyse', 0), ('embed', 1)) AS step (kind, stage);
WITH run AS (
    INSERT INTO index_runs (job_id, mode, model, finished_at, images, new, removed)
    VALUES (uuidv7(), 'full', 'benchmark', now(), 2000, 2000, 0) RETURNING id
), state AS (
    UPDATE index_state SET model = 'benchmark', target_model = 'benchmark', generation = run.id FROM run
)
INSERT INTO neighbour_lists (generation, image_id, neighbour_ids, similarities)
SELECT run.id, images.id, array_fill(1::bigint, ARRAY[50]), array_fill(0.5::real, ARRAY[50]) FROM images, run;

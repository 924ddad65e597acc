-- Version 1. Times are nanoseconds since 1970. Every later version is a step of its own in schema.c.
CREATE TABLE image (
  id TEXT PRIMARY KEY,            -- digest of the image config
  manifest TEXT NOT NULL,         -- digest of the manifest blob in images/blobs
  manifest_type TEXT NOT NULL,
  config TEXT NOT NULL,           -- the image config's JSON, so that a start reads no blob
  architecture TEXT NOT NULL, os TEXT NOT NULL, variant TEXT,
  size INTEGER NOT NULL,          -- bytes of the unpacked layers
  created INTEGER NOT NULL,       -- as the config says, 0 if it does not
  added INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE image_name (
  name TEXT PRIMARY KEY,          -- canonical: docker.io/library/debian:latest
  image TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE,
  updated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX image_name_image ON image_name(image);
CREATE TABLE layer (
  chain TEXT PRIMARY KEY,         -- the diffid: a layer unpacked alone, shared by every image that has it
  dir TEXT NOT NULL UNIQUE,       -- short name of its folder below layers/ (keeps overlay's option string short)
  size INTEGER NOT NULL,          -- bytes of its files
  entries INTEGER NOT NULL,
  added INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE image_layer (
  image TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,      -- 0 is the bottom
  diffid TEXT NOT NULL REFERENCES layer(chain),
  blob TEXT,                      -- digest of the compressed layer in images/blobs, NULL if it is not kept
  blob_size INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (image, position)
) WITHOUT ROWID;
CREATE INDEX image_layer_diffid ON image_layer(diffid);
CREATE INDEX image_layer_blob ON image_layer(blob);
CREATE TABLE container (
  id TEXT PRIMARY KEY,            -- 64 hexadecimal characters
  name TEXT NOT NULL UNIQUE,
  image TEXT REFERENCES image(id),-- NULL: the built-in image host
  image_name TEXT NOT NULL,       -- as the user wrote it
  command TEXT NOT NULL,          -- JSON array, for ps
  state TEXT NOT NULL,            -- created, running, exited, removing
  created INTEGER NOT NULL,
  started INTEGER NOT NULL DEFAULT 0,
  finished INTEGER NOT NULL DEFAULT 0,
  exit_code INTEGER NOT NULL DEFAULT 0,
  oom_killed INTEGER NOT NULL DEFAULT 0,
  pid INTEGER NOT NULL DEFAULT 0, pid_start INTEGER NOT NULL DEFAULT 0,           -- init: pid and start time
  monitor INTEGER NOT NULL DEFAULT 0, monitor_start INTEGER NOT NULL DEFAULT 0,   -- its monitor
  boot TEXT NOT NULL DEFAULT '',  -- boot id those pids belong to
  auto_remove INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', -- why it did not start
  labels TEXT NOT NULL DEFAULT '{}',
  options TEXT NOT NULL           -- JSON of the create options, for inspect and start
) WITHOUT ROWID;
CREATE INDEX container_image ON container(image);
CREATE TABLE volume (
  name TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  anonymous INTEGER NOT NULL DEFAULT 0,
  labels TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE TABLE container_volume (
  container TEXT NOT NULL REFERENCES container(id) ON DELETE CASCADE,
  volume TEXT NOT NULL REFERENCES volume(name),
  PRIMARY KEY (container, volume)
) WITHOUT ROWID;
CREATE INDEX container_volume_volume ON container_volume(volume);

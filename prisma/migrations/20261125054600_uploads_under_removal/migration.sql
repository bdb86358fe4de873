-- AlterTable
ALTER TABLE "uploads" ADD COLUMN     "removing_at" TIMESTAMPTZ(3);

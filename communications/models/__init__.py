"""What the app keeps, by subject."""

from communications.models.posts import Picture as Picture
from communications.models.posts import PictureFile as PictureFile
from communications.models.posts import Post as Post
from communications.models.posts import PostSeries as PostSeries
from communications.models.posts import PostState as PostState
from communications.models.posts import PostVersion as PostVersion
from communications.models.posts import Reuse as Reuse
from communications.models.posts import ReuseState as ReuseState
from communications.models.stages import KeptCell as KeptCell
from communications.models.stages import Means as Means
from communications.models.stages import PlannedItem as PlannedItem
from communications.models.stages import PlannedItemQuerySet as PlannedItemQuerySet
from communications.models.stages import Stage as Stage
from communications.models.stages import StageKind as StageKind
from communications.models.templates import ProgrammeTemplate as ProgrammeTemplate
